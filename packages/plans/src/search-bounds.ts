/** What web searches can add to the model calls of one answer. */
export const SEARCH_BOUNDS = {
	/** Searches of an answer, with those that nobody pays. The model is called once more at the end. */
	searches: 8,
	/** Of them those that nobody pays, because they failed, found nothing or met a limit. */
	unpaid: 2,
	/** Tokens that one search adds to each later call of the model, by our estimate. */
	resultTokens: 2_000,
};
