import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";

const module = new URL("./scratch.mjs", import.meta.url).href;
const MEMORY = "/dev/shm";

/** What a process of its own gets as its folder, after it has written a file there. */
function folderOf(env) {
	const script = `import { scratch } from ${JSON.stringify(module)}; import { writeFileSync } from "node:fs";
		const folder = scratch(); writeFileSync(folder + "/parley-scratch-test", ""); console.log(folder);`;
	const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { env, encoding: "utf8" });
	assert.equal(status, 0, stderr);
	return stdout.trim();
}

test("keeps to a TMPDIR that is set", () => {
	assert.equal(folderOf({ ...process.env, TMPDIR: tmpdir() }), tmpdir());
});

test("removes its folder in memory at the end, and that of a killed run", { skip: !existsSync(MEMORY) }, () => {
	const { pid } = spawnSync(process.execPath, ["-e", ""]);
	const left = `${MEMORY}/parley-${pid}`;
	mkdirSync(left);
	const { TMPDIR: _, ...env } = process.env;
	const folder = folderOf(env);
	if (folder.startsWith(MEMORY)) {
		assert.match(folder, /^\/dev\/shm\/parley-\d+$/);
		assert.ok(!existsSync(left));
		assert.ok(!existsSync(folder));
	}
});
