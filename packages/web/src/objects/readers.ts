import type { AnswerStream } from "./answer-stream.ts";

/** Readers of one answer, and of all answers of one subject in this isolate: their unread bytes share its memory. */
const OF_ANSWER_MAX = 64;
const OF_SUBJECT_MAX = 128;

/** Objects of the same isolate share its modules, and so this count. By subject key. */
const bySubject = new Map<string, number>();

/** The readers of a chat's answers. Each is counted until it has read everything, leaves or is dropped. */
export class Readers {
	/** Finished answers that are being read again, by their turn. */
	readonly #replays = new Map<number, AnswerStream>();

	/** Whether one more reader of an answer would be too many; of a new answer where it is null. */
	isFull(subject: string, answer: AnswerStream | null): boolean {
		return (answer?.readers ?? 0) >= OF_ANSWER_MAX || (bySubject.get(subject) ?? 0) >= OF_SUBJECT_MAX;
	}

	join(subject: string, answer: AnswerStream, onLeft: () => void = () => {}): ReadableStream<Uint8Array> {
		bySubject.set(subject, (bySubject.get(subject) ?? 0) + 1);
		return answer.join(() => {
			const left = (bySubject.get(subject) ?? 1) - 1;
			if (left === 0) bySubject.delete(subject);
			else bySubject.set(subject, left);
			onLeft();
		});
	}

	/** A finished answer. Its readers share one copy. */
	replay(subject: string, turn: number, read: () => AnswerStream): ReadableStream<Uint8Array> {
		const answer = this.#replays.get(turn) ?? read();
		this.#replays.set(turn, answer);
		return this.join(subject, answer, () => {
			if (answer.readers === 0) this.#replays.delete(turn);
		});
	}
}
