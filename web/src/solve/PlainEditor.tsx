import type { KeyboardEvent } from "react";
import type { EditorProps } from "./editor-props";

/** Stands in while CodeMirror is loaded, and where it cannot be. */
export function PlainEditor({ value, label, onChange, onSubmit, onRun }: EditorProps) {
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (event.repeat) return;
    event.shiftKey ? onRun() : onSubmit();
  };
  return (
    <textarea
      className="plain-editor"
      aria-label={label}
      spellCheck={false}
      value={value}
      onChange={({ target }) => onChange(target.value)}
      onKeyDown={press}
    />
  );
}
