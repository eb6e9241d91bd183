// Whether a call is from who holds the secret: Standard Webhooks 1.0.0 (standardwebhooks.com).
import { createHmac, timingSafeEqual } from "node:crypto";

/** A call that was signed longer ago, or further ahead, may be an old one that somebody sends again. */
const TOLERANCE_S = 300;

/** `headers` with names in lower case; `body` as it came, byte for byte; `secret` as Herald gave it, `whsec_…`. */
export function isSigned(headers, body, secret, nowS = Date.now() / 1_000) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  if (!id || !(Math.abs(nowS - Number(timestamp)) <= TOLERANCE_S)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  // Several while a secret is replaced: one that fits is enough.
  return signatures.split(" ").some((signature) => {
    const [version, text = ""] = signature.split(",");
    const given = Buffer.from(text, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}
