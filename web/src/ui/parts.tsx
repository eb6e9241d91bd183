// What more than one page is made of.

import { HeraldError } from "herald-client";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { type FieldError, isAway, mayPass, refused, type Verdict } from "../api";
import { text } from "../text/all";
import { Check, Clock, Copy, Cross, Dash } from "./icons";

export function Notice({
  title,
  detail,
  children,
  page,
}: {
  title: string;
  detail?: string;
  children?: ReactNode;
  page?: boolean;
}) {
  const Heading = page ? "h1" : "p";
  return (
    <div className="notice">
      <Heading className="notice-title">{title}</Heading>
      {detail && <p className="quiet">{detail}</p>}
      {children}
    </div>
  );
}

/** What went wrong and, where it helps, a button to try again. Faults of the page itself are thrown on. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const { status, problem } = refused(error);
  const { title, detail } = isAway(error) ? text.unreachable : (problem ?? { title: text.refused(status), detail: "" });
  const fields = problem?.errors ?? [];
  return (
    <div className="problem" role="alert">
      <div>
        <strong>{title}</strong>
        <p>{fields.length > 0 ? fields.map(fieldLine).join("\n") : detail}</p>
      </div>
      {retry && mayPass(error) && (
        <button type="button" onClick={retry}>
          {text.retry}
        </button>
      )}
    </div>
  );
}

const errorsOf = (error: unknown) => (error instanceof HeraldError && error.problem?.errors) || [];
const fieldLine = ({ pointer, detail }: FieldError) => `${pointer.slice(1)}: ${detail}`;

export const fieldErrors = (error: unknown, field: string): string | undefined =>
  errorsOf(error)
    .filter(({ pointer }) => pointer.split("/")[1] === field)
    .map(({ detail }) => detail)
    .join(" ") || undefined;

/** Whether an error has anything to say that does not stand beside one of these fields. */
export const hasRest = (error: unknown, fields: string[]) =>
  errorsOf(error).length === 0 || errorsOf(error).some(({ pointer }) => !fields.includes(pointer.split("/")[1] ?? ""));

export type Tone = "good" | "bad" | "warn" | "busy";
export const tone = (verdict: Verdict | null | undefined): Tone =>
  !verdict
    ? "busy"
    : verdict === "accepted"
      ? "good"
      : ["wrong_answer", "run_time_error"].includes(verdict)
        ? "bad"
        : "warn";

export function VerdictIcon({ verdict }: { verdict: Verdict | null }) {
  if (verdict === "accepted") return <Check />;
  if (verdict === "time_limit_exceeded") return <Clock />;
  return verdict === null ? <Dash /> : <Cross />;
}

export function CopyButton({ value, label }: { value: string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => void navigator.clipboard?.writeText(value).then(() => setCopied(true));
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={copy}>
      {copied ? <Check /> : <Copy />}
      <span className="visually-hidden" role="status">
        {copied ? text.copied : ""}
      </span>
    </button>
  );
}

/** What may be wider than its place scrolls by itself, by keyboard too. */
export function Scroll({
  label,
  className = "table-wrap",
  children,
}: {
  label: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={className} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

export type TabItem = { id: string; label: ReactNode; panel: ReactNode };

/** Tabs as the ARIA practices have them: arrows move, Tab goes into the panel. */
export function Tabs({
  items,
  value,
  onChange,
  label,
}: {
  items: TabItem[];
  value: string;
  onChange: (id: string) => void;
  label: string;
}) {
  const base = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = (items.findIndex(({ id }) => id === value) + step + items.length) % items.length;
    onChange(items[index].id);
    (list.current?.children[index] as HTMLElement | undefined)?.focus();
  };
  return (
    <div className="tabs">
      <div role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {items.map(({ id, label }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${base}-${id}-tab`}
            aria-controls={`${base}-${id}`}
            aria-selected={id === value}
            tabIndex={id === value ? 0 : -1}
            onClick={() => onChange(id)}
          >
            {label}
          </button>
        ))}
      </div>
      {items.map(({ id, panel }) => (
        <div
          key={id}
          role="tabpanel"
          id={`${base}-${id}`}
          aria-labelledby={`${base}-${id}-tab`}
          hidden={id !== value}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a panel that scrolls must be reachable by keyboard
          tabIndex={0}
        >
          {panel}
        </div>
      ))}
    </div>
  );
}

export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: ReactNode;
  hint?: string;
  error?: string;
  children: (props: FieldProps) => ReactNode;
}) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": error ? true : undefined, "aria-describedby": note ? `${id}-note` : undefined })}
      {note && (
        <p className="hint" id={`${id}-note`} data-tone={error ? "bad" : undefined}>
          {note}
        </p>
      )}
    </div>
  );
}
export type FieldProps = { id: string; "aria-invalid"?: true; "aria-describedby"?: string };

/** A figure against its bound, with a bar that says how near it came. */
export function Meter({
  label,
  value,
  bound,
  share,
  least,
}: {
  label: string;
  value: string;
  bound?: string;
  share: number | null /** More is better: full is no warning. */;
  least?: boolean;
}) {
  const percent = share === null ? 0 : Math.min(100, Math.round(share * 100));
  const bar = useRef<HTMLElement>(null);
  useEffect(() => bar.current?.style.setProperty("--share", `${percent}%`), [percent]);
  return (
    <div className="meter">
      <span className="meter-label">{label}</span>
      <span className="meter-value">
        <b>{value}</b>
        {bound && <span className="quiet"> {bound}</span>}
      </span>
      <i
        className="bar"
        ref={bar}
        data-tone={percent >= 100 ? (least ? "good" : "warn") : undefined}
        aria-hidden="true"
      />
    </div>
  );
}
