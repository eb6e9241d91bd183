import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { type Account, api, Refusal } from "../api";
import { text } from "../text";
import { Field, fieldErrors, hasRest, Problem } from "../ui/parts";

export function OpenAccount({ currency }: { currency: string }) {
  const client = useQueryClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = {
      handle: String(form.get("handle")).trim(),
      currency: String(form.get("currency")).trim().toUpperCase(),
    };
    setBusy(true);
    setError(null);
    try {
      await api<Account>("/accounts", { method: "POST", body });
      await client.invalidateQueries({ queryKey: ["accounts"] });
      dialog.current?.close();
    } catch (caught) {
      if (!(caught instanceof Refusal)) throw caught;
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" className="plain" onClick={() => dialog.current?.showModal()}>
        {text.money.openAccount}
      </button>
      <dialog ref={dialog} aria-labelledby="open-account" onClose={() => setError(null)}>
        <form className="stack" onSubmit={submit}>
          <h2 id="open-account">{text.money.openAccount}</h2>
          <Field label={text.money.handle} hint={text.money.handleHint} error={fieldErrors(error, "handle")}>
            {(props) => <input {...props} name="handle" required autoComplete="off" spellCheck={false} />}
          </Field>
          <Field label={text.money.currency} error={fieldErrors(error, "currency")}>
            {(props) => <input {...props} name="currency" required defaultValue={currency} maxLength={3} />}
          </Field>
          {error && hasRest(error, ["handle", "currency"]) ? <Problem error={error} /> : null}
          <div className="row end">
            <button type="button" onClick={() => dialog.current?.close()}>
              {text.close}
            </button>
            <button type="submit" className="primary" disabled={busy}>
              {text.money.create}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
