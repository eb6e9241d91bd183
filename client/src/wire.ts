// One WebSocket, from its opening to its end: no retry, no protocol. What a close code asks for is decided here.
// Invariant: the promise resolves once, as soon as the end is known; a socket that is given up is not waited for.
import type { Ended } from "./retry.js";

export type WebSocketClass = new (url: string, protocols?: string | string[]) => WebSocket;

/** A socket that has not opened within this time is given up. */
export const CONNECT_MS = 5_000;

export interface Wire {
  readonly socket: WebSocket;
  /** Gives the connection up, as if it had broken. */
  drop(): void;
}

export interface Closed extends Ended {
  code: number;
  reason: string;
}

const BROKEN = 1006;

/** Opens the socket and resolves when it has ended. */
export function connect(
  Class: WebSocketClass,
  url: string,
  signal: AbortSignal,
  onOpen: (wire: Wire) => void,
  onMessage: (text: unknown) => void,
): Promise<Closed> {
  return new Promise((done) => {
    const socket = new Class(url);
    let openedAt = 0;
    const end = (code: number, reason = "") => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
      if (socket.readyState < 2) socket.close(1000);
      done({ code, reason, upMs: openedAt && Date.now() - openedAt, retryMs: retryMs(code, reason) });
    };
    const leave = () => end(1000);
    const drop = () => end(BROKEN);
    const timer = setTimeout(drop, CONNECT_MS);
    signal.addEventListener("abort", leave);
    socket.onopen = () => {
      clearTimeout(timer);
      openedAt = Date.now();
      onOpen({ socket, drop });
    };
    socket.onmessage = ({ data }) => onMessage(data);
    // Node 20 does not say more of a connection that was refused; a browser goes on to onclose, with no more in it.
    socket.onerror = drop;
    socket.onclose = ({ code, reason }) => end(code, reason);
    if (signal.aborted) leave();
  });
}

/** `{"reconnect_in_ms": n}` in the reason of 1001 and 4000. */
function retryMs(code: number, reason: string): number | undefined {
  if (code !== 1001 && code !== 4000) return;
  try {
    return JSON.parse(reason).reconnect_in_ms;
  } catch {}
}

/** What no further try can mend: the client's own mistakes. */
export const isFatal = (code: number) => code > 1001 && code < 1011 && (code < 1004 || code > BROKEN);
