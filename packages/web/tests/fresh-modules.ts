import { vi } from "vitest";

// The files share a process, to start it only once. Each still gets its own copy of our modules, whose configuration it may mock.
vi.resetModules();
