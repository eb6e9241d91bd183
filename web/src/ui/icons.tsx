// Small drawings; each is decoration beside a word, so a screen reader skips them.
import type { ReactNode } from "react";

const Icon = ({ children }: { children: ReactNode }) => (
  <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    {children}
  </svg>
);

export const Mark = () => (
  <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="7" className="mark-ground" />
    <path d="M6 18.5V13l13-6v17.5z" className="mark-horn" />
    <path d="M9.5 19.5 11 26h3.4l-1.2-5z" className="mark-horn" />
    <path d="M22.5 11.5a6 6 0 0 1 0 8.5M25.3 8.7a10 10 0 0 1 0 14" className="mark-waves" />
  </svg>
);
export const Check = () => (
  <Icon>
    <path d="M3.5 8.5l3 3 6-7" />
  </Icon>
);
export const Cross = () => (
  <Icon>
    <path d="M4 4l8 8M12 4l-8 8" />
  </Icon>
);
export const Clock = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.5" />
    <path d="M8 5v3.2l2 1.3" />
  </Icon>
);
export const Dash = () => (
  <Icon>
    <path d="M4.5 8h7" />
  </Icon>
);
export const Bolt = () => (
  <Icon>
    <path d="M9 2L4 9h3.5L7 14l5-7H8.5z" />
  </Icon>
);
export const Copy = () => (
  <Icon>
    <rect x="5.5" y="5.5" width="7" height="8" rx="1" />
    <path d="M3.5 10.5v-7a1 1 0 0 1 1-1h5" />
  </Icon>
);
export const Play = () => (
  <Icon>
    <path d="M5 3.5v9l7-4.5z" />
  </Icon>
);
export const Arrow = () => (
  <Icon>
    <path d="M3 8h9M8.5 4.5L12 8l-3.5 3.5" />
  </Icon>
);
export const Back = () => (
  <Icon>
    <path d="M13 8H4M7.5 4.5L4 8l3.5 3.5" />
  </Icon>
);
