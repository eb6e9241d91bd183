// What the package `herald-client` offers without React.
export { type ChannelState, IDLE } from "./channel.js";
export { asHeraldError, HeraldError } from "./error.js";
export type { Frame } from "./frame.js";
export type * as push from "./generated/asyncapi.js";
export type * as api from "./generated/openapi.js";
export { type CallOptions, createHerald, type Herald, type HeraldOptions, type PostOptions } from "./herald.js";
export { newIdempotencyKey, type RequestOptions } from "./http.js";
export type { Transport } from "./ladder.js";
export type { LinkState } from "./link.js";
export { Registry } from "./registry.js";
export { keepTrying, pause, type Wakers } from "./retry.js";
export { Counted, type Watched } from "./store.js";
export type { GetTicket, Ticket } from "./tickets.js";
export { listen } from "./wake.js";
export { connect, isFatal, type WebSocketClass, type Wire } from "./wire.js";
