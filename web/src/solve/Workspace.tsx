// A problem beside the editor: statement and history on the left, program and what became of it on the right.
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Link } from "wouter";
import { api, isStatus, type Language, type Problem as ProblemBody, refused } from "../api";
import { limit, memory } from "../format";
import { readAgain } from "../reads";
import { useWho } from "../signin/who";
import { useStored } from "../stored";
import { text } from "../text/all";
import { solveText } from "../text/solve";
import { Back, Play } from "../ui/icons";
import { Notice, Problem, Tabs } from "../ui/parts";
import { useAttempt } from "./attempt";
import { useDraft } from "./drafts";
import type { EditorHandle } from "./editor-props";
import { History } from "./History";
import { PlainEditor } from "./PlainEditor";
import { places } from "./places";
import { useLanguages, useProblem } from "./queries";
import { Result } from "./Result";
import { RunPanel } from "./RunPanel";
import { Statement } from "./Statement";
import { starter } from "./starters";
import "./workspace.css";

const Editor = lazy(() =>
  import("./Editor").catch(() => ({ default: PlainEditor as unknown as typeof import("./Editor").default })),
);

export default function Workspace({ slug }: { slug: string | null }) {
  const { data: problem, error, again } = useProblem(slug);
  const languages = useLanguages();
  const { user } = useWho();
  useEffect(() => {
    document.title = text.title(slug === null ? solveText.free.title : (problem?.title ?? text.nav.solve));
  }, [slug, problem]);
  const failed = error ?? languages.error;
  if (failed && isStatus(failed, 404)) {
    return (
      <Notice title={text.notFound.title} detail={refused(failed).problem?.detail} page>
        <Link className="button" href="/">
          {text.notFound.back}
        </Link>
      </Notice>
    );
  }
  if (failed) {
    return (
      <div className="page">
        <Problem error={failed} retry={() => void Promise.all([again(), languages.again()])} />
      </div>
    );
  }
  if ((slug !== null && !problem) || !languages.data || user === null)
    return <div className="loading" role="status" aria-label={text.loading} />;
  if (languages.data.length === 0) return <Notice {...solveText.noWorker} page />;
  const taken = languages.data.filter(({ id }) => problem?.languages?.includes(id) ?? true);
  if (taken.length === 0) return <Notice {...solveText.noLanguage(problem?.languages ?? [])} page />;
  return <Desk user={user} slug={slug} problem={problem ?? null} languages={taken} />;
}

function Desk({
  user,
  slug,
  problem,
  languages,
}: {
  user: string;
  slug: string | null;
  problem: ProblemBody | null;
  languages: Language[];
}) {
  const [wanted, setWanted] = useStored("language", "python");
  const language = languages.some(({ id }) => id === wanted) ? wanted : languages[0].id;
  const first = starter(language, problem?.starters);
  const [source, setSource] = useDraft(user, slug ?? "", language, first);
  const [stdin, setStdin] = useStored(`stdin:${user}:${slug ?? ""}`, problem?.samples[0]?.input ?? "");
  const [left, setLeft] = useState("statement");
  const [below, setBelow] = useState(slug === null ? "run" : "result");
  const editor = useRef<EditorHandle>(null);
  // A key may be pressed before what was typed has been rendered: what is sent is what stands in the editor.
  const typed = useRef(source);
  typed.current = source;
  const type = (next: string) => {
    typed.current = next;
    setSource(next);
  };
  const refresh = () => void readAgain(`history:${slug}`, "own");
  // A function alone does nothing: only the judge has the program around it.
  const runs = !problem?.types.includes("function");
  const judged = useAttempt(refresh);
  const ran = useAttempt();

  const submit = () => {
    if (slug === null) return run();
    if (judged.busy) return;
    setBelow("result");
    void judged.send({ problem: slug, language, source: typed.current }).then(refresh);
  };
  const run = () => {
    if (ran.busy || !runs) return;
    setBelow("run");
    void ran.send({ language, source: typed.current, stdin });
  };
  const shown = (below === "run" ? ran : judged).state.watched?.view;
  const output = shown?.language === language ? (shown.compile_output ?? "") : "";
  const marked = useMemo(() => places(output), [output]);
  const goTo = (line: number, column: number | null) => editor.current?.goTo(line, column);
  const cancel = (id: string | null) => id && void api(`/submissions/${id}`, { method: "DELETE" }).catch(() => {});

  const [resets, setResets] = useState(0);
  const reset = () => {
    type(first);
    setResets((n) => n + 1);
  };
  const props = {
    language,
    document: `${language}/${resets}`,
    value: source,
    label: solveText.editor,
    places: marked,
    onChange: type,
    onSubmit: submit,
    onRun: run,
  };
  const runPanel = (
    <RunPanel
      problem={problem}
      stdin={stdin}
      onStdin={setStdin}
      state={ran.state}
      error={ran.error}
      retry={ran.retry}
      onGoTo={goTo}
    />
  );
  const active = below === "run" ? ran : judged;
  return (
    <div className="desk" data-free={slug === null || undefined}>
      {problem && (
        <section className="pane reading" aria-label={problem.title}>
          <div className="pane-head">
            <Link href="/" className="icon-link" aria-label={solveText.title} title={solveText.title}>
              <Back />
            </Link>
            <h1>{problem.title}</h1>
            <span className="quiet small">
              {[
                ...problem.types.flatMap((type) => solveText.types[type] ?? []),
                limit(problem.time_limit_ms),
                memory(problem.memory_limit_kb),
              ].join(" · ")}
            </span>
          </div>
          <Tabs
            label={problem.title}
            value={left}
            onChange={setLeft}
            items={[
              { id: "statement", label: solveText.statement, panel: <Statement problem={problem} /> },
              {
                id: "history",
                label: solveText.history,
                panel: left === "history" && (
                  <History
                    slug={problem.slug}
                    shown={judged.id}
                    onShow={(id) => {
                      setBelow("result");
                      judged.show(id);
                    }}
                  />
                ),
              },
            ]}
          />
        </section>
      )}
      <section className="pane writing" aria-label={solveText.editor}>
        <div className="pane-head tools">
          {slug === null && <h1>{solveText.free.title}</h1>}
          <select aria-label={solveText.language} value={language} onChange={({ target }) => setWanted(target.value)}>
            {languages.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="plain"
            title={solveText.resetTitle}
            disabled={source === first}
            onClick={reset}
          >
            {solveText.reset}
          </button>
          <span className="grow" />
          {active.running && active.id && (
            <button type="button" className="plain" onClick={() => cancel(active.id)}>
              {solveText.cancel}
            </button>
          )}
          {runs && (
            <button type="button" title={solveText.runTitle} disabled={ran.busy} onClick={run} data-testid="run">
              <Play />
              {solveText.runIt}
            </button>
          )}
          {slug !== null && (
            <button
              type="button"
              className="primary"
              title={solveText.submitTitle}
              disabled={judged.busy}
              onClick={submit}
              data-testid="submit"
            >
              {solveText.submit}
              <kbd>Ctrl ↵</kbd>
            </button>
          )}
        </div>
        <div className="editor">
          <Suspense fallback={<PlainEditor {...props} />}>
            <Editor ref={editor} {...props} />
          </Suspense>
        </div>
        <div className="below">
          {problem === null ? (
            <div className="run-alone">{runPanel}</div>
          ) : (
            <Tabs
              label={solveText.result}
              value={below}
              onChange={setBelow}
              items={[
                {
                  id: "result",
                  label: solveText.result,
                  panel: (
                    <Result
                      problem={problem}
                      state={judged.state}
                      tookMs={judged.tookMs}
                      busy={judged.busy}
                      error={judged.error}
                      retry={judged.retry}
                      onGoTo={goTo}
                    />
                  ),
                },
                ...(runs ? [{ id: "run", label: solveText.run, panel: runPanel }] : []),
              ]}
            />
          )}
        </div>
      </section>
    </div>
  );
}
