// What the Money page knows: read once by GET, kept up to date by what is pushed on the user's own channel.
import { HeraldError, type push } from "herald-client";
import { useChannel } from "herald-client/react";
import { useCallback, useEffect, useRef, useState } from "react";
import {
  type Account,
  api,
  type Call,
  type Endpoint,
  type Page,
  type Service,
  type StatementLine,
  type Transfer,
} from "../api";
import { useFrames } from "../live/hooks";
import { newest, type Pushed, type Transfers, withPushed, withRead } from "../live/transfers";
import { readAgain, useRead } from "../reads";
import { all } from "../solve/queries";

export const useAccounts = () => useRead("accounts", () => all<Account>("/accounts"));

export const useStatement = (account: string | null) =>
  useRead(
    account && `statement:${account}`,
    () => api<Page<StatementLine>>(`/accounts/${account}/statement?limit=50`),
    { staleMs: 0 },
  );

export const useEndpoints = () => useRead("webhooks", () => all<Endpoint>("/webhooks"));

export const useAttempts = (endpoint: string | null) =>
  useRead(endpoint && `attempts:${endpoint}`, () => api<Page<Call>>(`/webhooks/${endpoint}/attempts?limit=20`), {
    staleMs: 0,
  });

/** When this page saw what each service made of a transfer, by its own clock. */
export type Seen = ReadonlyMap<string, number>;
export const seenKey = (id: string, service: Service) => `${id}/${service}`;

export function useTransfers() {
  const [transfers, setTransfers] = useState<Transfers>(new Map());
  const [seen, setSeen] = useState<Seen>(new Map());
  const current = useRef<Transfers>(transfers);
  const show = useCallback((next: Transfers) => {
    current.current = next;
    setTransfers(next);
  }, []);
  const read = useRead("transfers", () => api<Page<Transfer>>("/transactions?limit=50"));
  useEffect(() => {
    if (read.data) show(withRead(current.current, read.data.items));
  }, [read.data, show]);
  const fetchOne = useCallback(
    (id: string) => {
      const take = (transfer: Transfer) => show(withRead(current.current, [transfer]));
      api<Transfer>(`/transactions/${id}`).then(take, () => {});
    },
    [show],
  );

  const moved = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(moved.current), []);
  /** Balances and statements are read anew, once for all that comes within a moment. */
  const refresh = useCallback(() => {
    clearTimeout(moved.current);
    moved.current = setTimeout(() => void readAgain("accounts", "statement", "attempts"), 60);
  }, []);

  const { data } = useChannel<{ items: Pushed[] }>("user:me");
  const items = data?.items;
  useEffect(() => {
    if (items) show(withPushed(current.current, items, fetchOne));
  }, [items, show, fetchOne]);
  useFrames("user:me", (frame) => {
    if (frame.type !== "event" || !frame.channel.startsWith("transfer:")) return;
    const { id, service, effect } = frame.data as push.EffectEventData;
    if (service && effect !== "pending") {
      const key = seenKey(id, service);
      setSeen((old) => (old.has(key) ? old : new Map(old).set(key, performance.now())));
    }
    refresh();
  });
  return { transfers, list: newest(transfers), seen, fetchOne, refresh, error: read.error, retry: read.again };
}

/** Every line of an account's statement as one CSV file; the server gives it in pages, each with its own heading. */
export async function csv(account: string, get: (path: string) => Promise<Response>): Promise<string> {
  let path: string | null = `/accounts/${account}/statement?format=csv&limit=200`;
  let whole = "";
  while (path !== null) {
    const answer: Response = await get(path);
    if (!answer.ok) throw new HeraldError("http", answer.statusText, { status: answer.status });
    const page = await answer.text();
    whole += whole === "" ? page : page.slice(page.indexOf("\n") + 1);
    const next: string | undefined = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get("Link") ?? "")?.[1];
    path = next === undefined ? null : new URL(next, location.href).pathname + new URL(next, location.href).search;
  }
  return whole;
}
