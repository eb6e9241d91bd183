// A transfer drawn: payer, payee, and the five services that hear of it, each of which lights up as its event arrives.
import { newIdempotencyKey } from "herald-client";
import { type FormEvent, useRef, useState } from "react";
import { api, type Effect, mayPass, refused, SERVICES, type Service, type Transfer } from "../api";
import { milliseconds, minorUnits, moment, money, shortId } from "../format";
import { moneyText } from "../text/money";
import { Check, Clock, Cross, Dash } from "../ui/icons";
import { Notice, Problem } from "../ui/parts";
import { type Seen, seenKey } from "./data";

type Props = { transfer: Transfer | null; sentAt: number | null; seen: Seen; onDone: () => void };

export function Graph({ transfer, sentAt, seen, onDone }: Props) {
  return (
    <section className="card graph" aria-labelledby="graph-title">
      <div className="card-head">
        <h2 id="graph-title">{moneyText.graph}</h2>
        {transfer && (
          <span className="quiet small">
            {moneyText.kind[transfer.kind] ?? transfer.kind} <span className="mono">{shortId(transfer.id)}</span> ·{" "}
            {moment(transfer.created_at)}
          </span>
        )}
      </div>
      {transfer ? (
        <div className="card-body stack">
          <Flow transfer={transfer} />
          <Fan transfer={transfer} />
          <ul className="services">
            {SERVICES.map((service) => (
              <Node
                key={service}
                service={service}
                currency={transfer.currency}
                effect={transfer.services[service]}
                afterMs={after(transfer, service, sentAt, seen)}
              />
            ))}
          </ul>
          <Actions key={transfer.id} transfer={transfer} onDone={onDone} />
        </div>
      ) : (
        <Notice title={moneyText.graphEmpty} />
      )}
    </section>
  );
}

function after({ id }: Transfer, service: Service, sentAt: number | null, seen: Seen): number | null {
  const at = seen.get(seenKey(id, service));
  return sentAt === null || at === undefined ? null : Math.max(0, at - sentAt);
}

function Flow({ transfer }: { transfer: Transfer }) {
  const { from, to, amount, currency, state } = transfer;
  return (
    <div className="flow">
      <span className="party">{from}</span>
      <div className="link">
        <b>{money(amount, currency)}</b>
        <i className="arrow" data-state={state} aria-hidden="true" />
        <span role="status" className="state" data-state={state} data-testid="transfer-state">
          {moneyText.state[state]}
        </span>
      </div>
      <span className="party">{to}</span>
    </div>
  );
}

function notes(transfer: Transfer): string {
  const { amount, currency, state, posted, refunded } = transfer;
  return [
    state === "pending" && transfer.held_by === "fraud" ? moneyText.heldByFraud : null,
    state === "pending" && transfer.hold_until ? moneyText.heldUntil(moment(transfer.hold_until)) : null,
    state !== "pending" && posted > 0 && posted < amount ? moneyText.captured(money(posted, currency)) : null,
    refunded > 0 ? moneyText.refunded(money(refunded, currency)) : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

function Fan({ transfer }: { transfer: Transfer }) {
  return (
    <svg className="fan" aria-hidden="true">
      {SERVICES.map((service, index) => (
        <line
          key={service}
          data-effect={transfer.services[service]?.status}
          x1="50%"
          y1="0"
          x2={`${10 + index * 20}%`}
          y2="100%"
        />
      ))}
    </svg>
  );
}

type NodeProps = { service: Service; currency: string; effect: Effect | undefined; afterMs: number | null };

function Node({ service, currency, effect, afterMs }: NodeProps) {
  const status = effect?.status ?? "pending";
  return (
    <li className="service" data-effect={status} data-testid={`service-${service}`}>
      <span className="bulb" aria-hidden="true">
        {status === "done" ? <Check /> : status === "failed" ? <Cross /> : status === "skipped" ? <Dash /> : <Clock />}
      </span>
      <b>{moneyText.services[service]}</b>
      <span className="service-state">
        {moneyText.effect[status]}
        {afterMs !== null && <span className="quiet"> {moneyText.after(milliseconds(afterMs))}</span>}
      </span>
      <small className="quiet">{detail(effect, currency) || " "}</small>
    </li>
  );
}

/** The one thing of a service's own detail that is worth a line. */
function detail(effect: Effect | undefined, currency: string): string {
  const { error, reason, sent, score, receipt, granted, amount } = effect?.detail ?? {};
  if (typeof error === "string") return error;
  if (typeof reason === "string") return reason.replaceAll("_", " ");
  if (Array.isArray(sent)) return sent.join(", ");
  if (score !== undefined) return `score ${score}`;
  if (receipt !== undefined) return `receipt ${receipt}`;
  const gave = granted ?? amount;
  return typeof gave === "number" ? money(gave, currency) : "";
}

function Actions({ transfer, onDone }: { transfer: Transfer; onDone: () => void }) {
  const [part, setPart] = useState("");
  const [bad, setBad] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  // Of the refund that was asked for and has had no answer: asking again must not give the money back twice.
  const key = useRef<string | null>(null);
  const { id, state, kind, currency } = transfer;
  const refundable = kind === "payment" && (state === "completed" || state === "partly_refunded");
  const held = state === "pending";
  const act = async (what: "refund" | "capture" | "void") => {
    const amount = part.trim() === "" ? null : minorUnits(part, currency);
    setBad(part.trim() !== "" && amount === null);
    if (part.trim() !== "" && amount === null) return;
    setBusy(true);
    setError(null);
    try {
      const body = what === "void" ? undefined : amount === null ? {} : { amount };
      if (what === "refund") key.current ??= newIdempotencyKey();
      const headers = key.current !== null && { headers: { "Idempotency-Key": key.current } };
      await api(`/transactions/${id}/${what}`, { method: "POST", body, ...headers });
      key.current = null;
      setPart("");
      onDone();
    } catch (caught) {
      if (!mayPass(caught)) key.current = null;
      setError(refused(caught));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void act(held ? "capture" : "refund");
  };
  return (
    <div className="actions">
      {refundable || held ? (
        <form className="row" onSubmit={submit}>
          <input
            className="part"
            aria-label={moneyText.part}
            placeholder={moneyText.partShort}
            inputMode="decimal"
            value={part}
            aria-invalid={bad || undefined}
            onChange={({ target }) => {
              key.current = null;
              setPart(target.value);
            }}
          />
          <button type="submit" disabled={busy}>
            {held ? moneyText.capture : moneyText.refund}
          </button>
          {held && (
            <button type="button" disabled={busy} onClick={() => void act("void")}>
              {moneyText.void}
            </button>
          )}
          <span className="quiet small">{notes(transfer)}</span>
          {bad && (
            <span className="small" data-tone="bad" role="alert">
              {moneyText.amountBad(currency)}
            </span>
          )}
        </form>
      ) : (
        <span className="quiet small">{notes(transfer)}</span>
      )}
      {error ? <Problem error={error} /> : null}
    </div>
  );
}
