// What an editor is to the page, be it CodeMirror or, while that is loaded, a plain field.
import type { Ref } from "react";
import type { Place } from "./places";

export type EditorHandle = { goTo: (line: number, column: number | null) => void };
export type EditorProps = {
  ref?: Ref<EditorHandle>;
  language: string;
  /** Names the text that `value` is; another name puts another text in. */
  document: string;
  value: string;
  label: string;
  places: Place[];
  onChange: (value: string) => void;
  onSubmit: () => void;
  onRun: () => void;
};
