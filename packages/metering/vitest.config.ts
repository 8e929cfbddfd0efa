import { defineConfig } from "vitest/config";

export default defineConfig({ test: { name: "metering", include: ["src/**/*.test.ts", "proof/**/*.test.ts"], isolate: false } });
