import { type FormEvent, useId, useRef, useState } from "react";
import { useLocation } from "wouter";
import { isStatus, session } from "../api";
import { text } from "../text/all";
import { Problem } from "../ui/parts";
import { useWho, whoIs } from "./who";

export default function SignIn() {
  const { user, refused, guest } = useWho();
  const signedIn = user !== null && !guest;
  const hasKey = session.key() !== null;
  const lead = refused ? (hasKey ? text.signIn.stale : text.signIn.lead) : text.signIn.leadFree;
  return (
    <section className="narrow">
      <h1>{signedIn ? text.signIn.as(user) : text.signIn.title}</h1>
      <p className="lead">{signedIn ? text.signIn.byKey : lead}</p>
      {!signedIn && <KeyForm />}
      {hasKey && (
        <button type="button" onClick={() => session.set(null)}>
          {text.signIn.out}
        </button>
      )}
      {guest && <p className="quiet">{text.signIn.guest}</p>}
    </section>
  );
}

function KeyForm() {
  const [at, go] = useLocation();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const wrong = isStatus(error, 401);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const key = field.current?.value.trim() ?? "";
    if (key === "" || busy) return field.current?.focus();
    setBusy(true);
    setError(null);
    try {
      await whoIs(key);
      session.set(key);
      if (at === "/sign-in") go("/");
    } catch (caught) {
      setError(caught);
      setBusy(false);
      field.current?.select();
    }
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="field">
        <label htmlFor={id}>{text.signIn.key}</label>
        <input
          ref={field}
          id={id}
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          aria-invalid={wrong || undefined}
          aria-describedby={`${id}-hint`}
        />
        <p className="hint" id={`${id}-hint`} role={wrong ? "alert" : undefined} data-tone={wrong ? "bad" : undefined}>
          {wrong ? text.signIn.wrong : text.signIn.hint}
        </p>
      </div>
      {error !== null && !wrong && <Problem error={error} />}
      <button type="submit" className="primary" disabled={busy}>
        {text.signIn.submit}
      </button>
    </form>
  );
}
