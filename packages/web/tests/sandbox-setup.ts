import { startSandbox } from "@parley/sandbox";
import type { TestProject } from "vitest/node";

/** The outside world of the tests, on a free port. */
export default async function setup(project: TestProject) {
	const sandbox = await startSandbox({ port: 0, secretKey: "sk_test_sandbox" });
	project.provide("sandboxUrl", sandbox.url);
	return () => sandbox.close();
}

declare module "vitest" {
	interface ProvidedContext {
		sandboxUrl: string;
	}
}
