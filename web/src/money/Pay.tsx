import { newIdempotencyKey } from "herald-client";
import { useHerald } from "herald-client/react";
import { type FormEvent, useRef, useState } from "react";
import { type Account, mayPass, refused } from "../api";
import { minorUnits } from "../format";
import { moneyText } from "../text/money";
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
  const herald = useHerald();
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
    key.current ??= newIdempotencyKey();
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
      const { id } = await herald.pay(body, { idempotencyKey: key.current });
      key.current = null;
      onPaid(id, sentAt);
    } catch (caught) {
      if (!mayPass(caught)) key.current = null;
      setError(refused(caught));
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
        <h2 id="pay-title">{moneyText.payTitle}</h2>
      </div>
      <form className="card-body stack" onSubmit={pay} onChange={changed} noValidate>
        <div className="two">
          <Field label={moneyText.from} error={fieldErrors(error, "from")}>
            {(props) => (
              <select {...props} value={from} onChange={({ target }) => onFrom(target.value)}>
                {accounts.map(({ id, handle }) => (
                  <option key={id}>{handle}</option>
                ))}
              </select>
            )}
          </Field>
          <Field label={moneyText.to} error={fieldErrors(error, "to")}>
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
            label={`${moneyText.amount} (${currency})`}
            error={bad ? moneyText.amountBad(currency) : fieldErrors(error, "amount")}
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
                {moneyText.note} <span className="quiet">({moneyText.optional})</span>
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
            {moneyText.hold}
          </label>
          <button type="submit" className="primary" disabled={busy}>
            {moneyText.pay}
          </button>
        </div>
      </form>
    </section>
  );
}
