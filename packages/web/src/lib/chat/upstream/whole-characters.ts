/** Joins surrogate pairs that a provider split, and replaces unpaired ones, because strict readers refuse them. */
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
