import { useState } from "react";
import { Link } from "wouter";
import { limit, memory } from "../format";
import { solveText } from "../text/solve";
import { Arrow, Check, Dash } from "../ui/icons";
import { Notice, Problem } from "../ui/parts";
import { type Own, useOwn, useProblems } from "./queries";
import "./list.css";

const SEARCH_FROM = 8;

export default function ProblemList() {
  const problems = useProblems();
  const own = useOwn();
  const [word, setWord] = useState("");
  const items = problems.data ?? [];
  const found = items.filter(({ title, slug }) => `${title} ${slug}`.toLowerCase().includes(word.trim().toLowerCase()));
  return (
    <div className="page problems">
      <div className="page-head">
        <h1>{solveText.title}</h1>
        <p className="lead">{solveText.lead}</p>
      </div>
      {problems.error ? <Problem error={problems.error} retry={() => void problems.again()} /> : null}
      {items.length >= SEARCH_FROM && (
        <input
          type="search"
          className="search"
          aria-label={solveText.search}
          placeholder={solveText.search}
          value={word}
          onChange={({ target }) => setWord(target.value)}
        />
      )}
      <div className="card list">
        {problems.data && items.length === 0 && <Notice {...solveText.empty} />}
        {items.length > 0 && found.length === 0 && <Notice title={solveText.noMatch(word.trim())} />}
        {found.length > 0 && (
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{solveText.columns.own}</th>
                <th scope="col">{solveText.columns.title}</th>
                <th scope="col" className="number">
                  {solveText.columns.time}
                </th>
                <th scope="col" className="number">
                  {solveText.columns.memory}
                </th>
                <th scope="col" className="number">
                  {solveText.columns.tests}
                </th>
              </tr>
            </thead>
            <tbody>
              {found.map(({ slug, title, time_limit_ms, memory_limit_kb, test_cases }) => (
                <tr key={slug}>
                  <td>
                    <Standing own={own.data?.get(slug)} />
                  </td>
                  <th scope="row" className="wide">
                    <Link href={`/solve/${slug}`}>{title}</Link>
                  </th>
                  <td className="number">{limit(time_limit_ms)}</td>
                  <td className="number">{memory(memory_limit_kb)}</td>
                  <td className="number">{test_cases}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <Link href="/run" className="card free">
        <span>
          <strong>{solveText.free.title}</strong>
          <span className="quiet">{solveText.free.detail}</span>
        </span>
        <Arrow />
      </Link>
    </div>
  );
}

function Standing({ own }: { own: Own | undefined }) {
  const label = solveText.own[own ?? "none"];
  return (
    <span className="standing" data-own={own} title={label}>
      {own === "solved" ? <Check /> : <Dash />}
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
