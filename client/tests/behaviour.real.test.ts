import { test } from "vitest";
import { behaves } from "./behaviour.js";
import { realWorld } from "./world/real-world.js";

behaves(realWorld, test.concurrent);
