import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PROBLEMS, type ProblemCode, problemResponse, problemType, titleOf } from "./problem.ts";

const operations = readFileSync(new URL("../../../../../docs/operations.md", import.meta.url), "utf8");

/** The rows of the problem table in docs/operations.md, as "type | status | title". */
const documented = operations
	.split("\n")
	.filter((line) => line.startsWith("| `urn:parley:problem:"))
	.map((line) => line.split("|").map((cell) => cell.trim()))
	.map(([, type = "", status, title]) => `${type.replaceAll("`", "")} | ${status} | ${title}`);

describe("problems", () => {
	test("match the list in docs/operations.md by type, status and title", () => {
		const answered = Object.entries(PROBLEMS).map(
			([code, status]) => `${problemType(code as ProblemCode)} | ${status} | ${titleOf(code as ProblemCode)}`,
		);
		expect(documented.toSorted()).toEqual(answered.toSorted());
	});

	test("derive their type from the code, never from the title", async () => {
		const response = problemResponse("billing-timed-out", { detail: "The provider did not answer in time." });
		const { type, title, requestId } = await response.json<{ type: string; title: string; requestId: string }>();
		expect({ status: response.status, type, title }).toEqual({
			status: 504,
			type: "urn:parley:problem:billing-timed-out",
			title: "Billing unavailable",
		});
		expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
		expect(response.headers.get("content-type")).toBe("application/problem+json");
	});
});
