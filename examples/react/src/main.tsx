// Hands in a program and shows its tests as they come. The page talks to the server from its own origin: `herald up` lets every
// page of this machine do so, any other server wants the page's origin in HERALD_ALLOWED_ORIGINS.
import { createHerald, type HeraldError } from "herald-client";
import { HeraldProvider, useHerald, useSubmission } from "herald-client/react";
import { type FormEvent, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

const herald = createHerald({ url: import.meta.env.VITE_HERALD_URL ?? "http://127.0.0.1:8080" });

function Solve() {
  const { submit } = useHerald();
  const [source, setSource] = useState("a, b = map(int, input().split())\nprint(a + b)\n");
  const [id, setId] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);

  async function handIn(event: FormEvent) {
    event.preventDefault();
    setId(null);
    setRefusal(null);
    await submit({ problem: "a-plus-b", language: "python", source }).then(
      (accepted) => setId(accepted.id),
      (error: HeraldError) => setRefusal(error.message),
    );
  }

  return (
    <form onSubmit={handIn}>
      <h1>Two integers, and their sum</h1>
      <textarea
        aria-label="Program"
        rows={8}
        cols={60}
        value={source}
        onChange={(event) => setSource(event.target.value)}
      />
      <p>
        <button type="submit">Submit</button>
      </p>
      {refusal && <p role="alert">{refusal}</p>}
      {id && <Verdict id={id} />}
    </form>
  );
}

function Verdict({ id }: { id: string }) {
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

createRoot(document.querySelector("#root") as HTMLElement).render(
  <StrictMode>
    <HeraldProvider herald={herald}>
      <Solve />
    </HeraldProvider>
  </StrictMode>,
);
