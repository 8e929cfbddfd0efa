import { vi } from "vitest";

// The files share a process, which saves its start. Each still has its own copy of our modules, whose configuration it may mock.
vi.resetModules();
