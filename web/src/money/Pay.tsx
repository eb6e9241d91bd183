import { type FormEvent, useRef, useState } from "react";
import { type Account, api, type Booked, Refusal } from "../api";
import { minorUnits } from "../format";
import { text } from "../text";
import { Field, fieldErrors, hasRest, Problem } from "../ui/parts";

type Props = {
  accounts: Account[];
  from: string;
  onFrom: (handle: string) => void;
  to: string;
  onTo: (handle: string) => void;
  onPaid: (id: string, sentAt: number) => void;
};

export function Pay({ accounts, from, onFrom, to, onTo, onPaid }: Props) {
  const [amount, setAmount] = useState("");
  const [note, setNote] = useState("");
  const [hold, setHold] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [bad, setBad] = useState(false);
  const [busy, setBusy] = useState(false);
  // Of the payment that was asked for and has had no answer: asking again must not pay again.
  const key = useRef<string | null>(null);
  const currency = accounts.find(({ handle }) => handle === from)?.currency ?? "";

  const pay = async (event: FormEvent) => {
    event.preventDefault();
    const minor = minorUnits(amount, currency);
    setBad(minor === null);
    setError(null);
    if (minor === null || busy) return;
    key.current ??= crypto.randomUUID();
    setBusy(true);
    const sentAt = performance.now();
    try {
      const body = {
        from,
        to: to.trim(),
        amount: minor,
        currency,
        ...(note.trim() && { note: note.trim() }),
        ...(hold && { hold: true }),
      };
      const booked = await api<Booked>("/transactions", {
        method: "POST",
        headers: { "Idempotency-Key": key.current },
        body,
      });
      key.current = null;
      onPaid(booked.id, sentAt);
    } catch (caught) {
      if (!(caught instanceof Refusal)) throw caught;
      if (caught.status > 0 && caught.status < 500) key.current = null;
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const changed = () => {
    key.current = null;
  };
  return (
    <section className="card" aria-labelledby="pay-title">
      <div className="card-head">
        <h2 id="pay-title">{text.money.payTitle}</h2>
      </div>
      <form className="card-body stack" onSubmit={pay} onChange={changed} noValidate>
        <div className="two">
          <Field label={text.money.from} error={fieldErrors(error, "from")}>
            {(props) => (
              <select {...props} value={from} onChange={({ target }) => onFrom(target.value)}>
                {accounts.map(({ id, handle }) => (
                  <option key={id}>{handle}</option>
                ))}
              </select>
            )}
          </Field>
          <Field label={text.money.to} error={fieldErrors(error, "to")}>
            {(props) => (
              <>
                <input
                  {...props}
                  value={to}
                  list="handles"
                  required
                  autoComplete="off"
                  spellCheck={false}
                  onChange={({ target }) => onTo(target.value)}
                />
                <datalist id="handles">
                  {accounts.map(({ id, handle }) => (
                    <option key={id} value={handle} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
        </div>
        <div className="two">
          <Field
            label={`${text.money.amount} (${currency})`}
            error={bad ? text.money.amountBad(currency) : fieldErrors(error, "amount")}
          >
            {(props) => (
              <input
                {...props}
                value={amount}
                inputMode="decimal"
                placeholder="12.50"
                autoComplete="off"
                required
                onChange={({ target }) => setAmount(target.value)}
              />
            )}
          </Field>
          <Field
            label={
              <>
                {text.money.note} <span className="quiet">({text.money.optional})</span>
              </>
            }
            error={fieldErrors(error, "note")}
          >
            {(props) => (
              <input {...props} value={note} autoComplete="off" onChange={({ target }) => setNote(target.value)} />
            )}
          </Field>
        </div>
        {error && hasRest(error, ["from", "to", "amount", "note"]) ? <Problem error={error} /> : null}
        <div className="row spread">
          <label className="check">
            <input type="checkbox" checked={hold} onChange={({ target }) => setHold(target.checked)} />
            {text.money.hold}
          </label>
          <button type="submit" className="primary" disabled={busy}>
            {text.money.pay}
          </button>
        </div>
      </form>
    </section>
  );
}
