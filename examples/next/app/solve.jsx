"use client";

// The form, and its verdict as it comes: rendered on the server first, where nothing is connected, then in the browser, which opens
// a socket to Herald itself. `herald up` lets every page of this machine do so, any other server wants the site's origin in
// HERALD_ALLOWED_ORIGINS.
import { createHerald } from "herald-client";
import { HeraldProvider, useSubmission } from "herald-client/react";
import { useActionState } from "react";
import { submit, ticketFor } from "./actions";

const herald = createHerald({
  url: process.env.NEXT_PUBLIC_HERALD_URL ?? "http://127.0.0.1:8080",
  ticket: (channel) => ticketFor(channel),
});
const START = { source: "a, b = map(int, input().split())\nprint(a + b)\n" };

export function Solve() {
  const [{ source, id, refusal }, handIn, isPending] = useActionState(submit, START);
  return (
    <HeraldProvider herald={herald}>
      <form action={handIn}>
        <textarea name="source" aria-label="Program" rows={8} cols={60} defaultValue={source} />
        <p>
          <button type="submit" disabled={isPending}>
            Submit
          </button>
        </p>
        {refusal && <p role="alert">{refusal}</p>}
        {id && <Verdict id={id} />}
      </form>
    </HeraldProvider>
  );
}

function Verdict({ id }) {
  const { data, state, error } = useSubmission(id);
  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p role="status">{state}</p>;
  const { passed, total } = data.tests;
  return (
    <p role="status">
      {data.verdict ?? data.status}, {passed} of {total ?? "?"} tests passed
    </p>
  );
}
