import type { ColoredLine } from "./highlight.ts";
import type { CodeAnswer, OffThreadAnswer, OffThreadTask } from "./off-thread-worker.ts";

interface Asked {
	resolve: (answer: OffThreadAnswer) => void;
	reject: (error: Error) => void;
}

let worker: Worker | undefined;
let lastId = 0;
const asked = new Map<number, Asked>();

/** Asks the worker, which is started with the first task. Rejects where one cannot be loaded; the next task tries again. */
function ask(task: OffThreadTask): Promise<OffThreadAnswer> {
	worker ??= start();
	lastId += 1;
	const id = lastId;
	const { promise, resolve, reject } = Promise.withResolvers<OffThreadAnswer>();
	asked.set(id, { resolve, reject });
	worker.postMessage({ id, task });
	return promise;
}

function start(): Worker {
	const started = new Worker(new URL("./off-thread-worker.ts", import.meta.url), { type: "module" });
	started.addEventListener("message", ({ data: { id, answer, failed } }) => {
		const waiting = asked.get(id);
		asked.delete(id);
		if (failed) waiting?.reject(new Error("not loaded"));
		else waiting?.resolve(answer);
	});
	started.addEventListener("error", () => {
		if (worker === started) worker = undefined;
		for (const { reject } of asked.values()) reject(new Error("not loaded"));
		asked.clear();
	});
	return started;
}

/** The markup of a formula; undefined if KaTeX does not know its commands. Rejects where KaTeX cannot be loaded. */
export const typeset = (tex: string, display: boolean): Promise<string | undefined> =>
	ask({ kind: "formula", tex, display }) as Promise<string | undefined>;

let lastBlock = 0;

/** The colors of one code block, whose code may still grow. Asks for one state of it at a time, and for the newest next. */
export class CodeColors {
	readonly language: string;
	readonly #block: number;
	#lines: ColoredLine[] = [];
	#wanted = "";
	#isAsking = false;

	constructor(language: string) {
		this.language = language;
		lastBlock += 1;
		this.#block = lastBlock;
	}

	/** Shows the lines of the code once they have colors: of the newest code, and of some before it. A line that stays the same is the same object. */
	async color(code: string, show: (code: string, lines: ColoredLine[]) => void): Promise<void> {
		this.#wanted = code;
		if (this.#isAsking) return;
		this.#isAsking = true;
		try {
			for (let of = ""; of !== this.#wanted; ) {
				of = this.#wanted;
				const answer = (await ask({ kind: "code", block: this.#block, language: this.language, code: of })) as CodeAnswer;
				if (!answer) return;
				this.#lines = [...this.#lines.slice(0, answer.kept), ...answer.lines];
				show(of, this.#lines);
			}
		} finally {
			this.#isAsking = false;
		}
	}

	/** Lets the worker forget the code. */
	end(): void {
		ask({ kind: "forget", block: this.#block }).catch(() => {});
	}
}
