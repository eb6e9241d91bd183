import { type FormEvent, useRef, useState } from "react";
import { type Account, api, refused } from "../api";
import { readAgain } from "../reads";
import { text } from "../text/all";
import { moneyText } from "../text/money";
import { Field, fieldErrors, hasRest, Problem } from "../ui/parts";

export function OpenAccount({ currency }: { currency: string }) {
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
      await readAgain("accounts");
      dialog.current?.close();
    } catch (caught) {
      setError(refused(caught));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" className="plain" onClick={() => dialog.current?.showModal()}>
        {moneyText.openAccount}
      </button>
      <dialog ref={dialog} aria-labelledby="open-account" onClose={() => setError(null)}>
        <form className="stack" onSubmit={submit}>
          <h2 id="open-account">{moneyText.openAccount}</h2>
          <Field label={moneyText.handle} hint={moneyText.handleHint} error={fieldErrors(error, "handle")}>
            {(props) => <input {...props} name="handle" required autoComplete="off" spellCheck={false} />}
          </Field>
          <Field label={moneyText.currency} error={fieldErrors(error, "currency")}>
            {(props) => <input {...props} name="currency" required defaultValue={currency} maxLength={3} />}
          </Field>
          {error && hasRest(error, ["handle", "currency"]) ? <Problem error={error} /> : null}
          <div className="row end">
            <button type="button" onClick={() => dialog.current?.close()}>
              {text.close}
            </button>
            <button type="submit" className="primary" disabled={busy}>
              {moneyText.create}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
