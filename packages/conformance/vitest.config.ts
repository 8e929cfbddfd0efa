import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		name: "conformance",
		environment: "node",
		include: ["src/**/*.test.ts"],
		testTimeout: 60_000,
		// They wait for models most of the time: all files and many tests at once.
		maxWorkers: 2,
		maxConcurrency: 16,
	},
});
