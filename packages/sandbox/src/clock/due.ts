/** Something that happens when its time comes, without a request. */
export interface Due {
	/** When, in epoch milliseconds of sandbox time. */
	atMs: number;
	/** A description for people: "Pro of Ada renews". */
	what: string;
	apply(): void;
}
