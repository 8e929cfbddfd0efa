/** Bounds on what web searches add to the model calls of one answer. */
export const SEARCH_BOUNDS = {
	/** Searches per answer, unpaid ones included. The model is called once more at the end. */
	searches: 8,
	/** Those of them that are not charged, because they failed, found nothing or met a limit. */
	unpaid: 2,
	/** Tokens that one search adds to each later model call, by our estimate. */
	resultTokens: 2_000,
};
