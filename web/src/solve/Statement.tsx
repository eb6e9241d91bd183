import { useEffect, useRef } from "react";
import type { Problem } from "../api";
import { solveText } from "../text/solve";
import { CopyButton } from "../ui/parts";
import { drawMaths } from "./maths";

/** The server renders the Markdown, and shows raw HTML in it as text, so it may be put in as it is. */
export function Statement({ problem }: { problem: Problem }) {
  const body = useRef<HTMLDivElement>(null);
  const html = problem.statement_html;
  useEffect(() => {
    if (!body.current) return;
    body.current.innerHTML = html;
    void drawMaths(body.current);
  }, [html]);
  return (
    <div className="statement">
      <div className="prose" ref={body} />
      {problem.samples.length > 0 && (
        <section className="samples">
          <h2>{solveText.samples}</h2>
          {problem.samples.map(({ input, answer }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: samples have no other name, and never change places
            <div className="sample" key={index}>
              <Part title={solveText.input} copy={solveText.copySample("input", index + 1)} value={input} />
              <Part title={solveText.output} copy={solveText.copySample("output", index + 1)} value={answer} />
            </div>
          ))}
        </section>
      )}
    </div>
  );
}

function Part({ title, copy, value }: { title: string; copy: string; value: string }) {
  return (
    <div className="sample-part">
      <div className="sample-head">
        <h3>{title}</h3>
        <CopyButton value={value} label={copy} />
      </div>
      <pre>{value === "" ? " " : value}</pre>
    </div>
  );
}
