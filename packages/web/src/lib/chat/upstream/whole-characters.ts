/** Joins the halves of a character (a surrogate pair) that a provider cut apart, and replaces one that stays alone: strict readers refuse it. */
export class WholeCharacters {
	#half = "";

	read(text: string): string {
		const whole = this.#half + text;
		const isCut = /[\ud800-\udbff]$/.test(whole);
		this.#half = isCut ? whole.slice(-1) : "";
		return (isCut ? whole.slice(0, -1) : whole).toWellFormed();
	}

	end(): string {
		const half = this.#half;
		this.#half = "";
		return half.toWellFormed();
	}
}
