import { SEARCH_BOUNDS } from "@parley/plans/search-bounds";

/** Searches of one answer, with those that nobody pays. The model is called once more at the end, without the tool. */
export const SEARCHES_MAX = SEARCH_BOUNDS.searches;
/** Searches that nobody pays, because they failed, found nothing or met a limit, cost the deployer a model call each: after so many the tool is gone. */
export const UNPAID_MAX = SEARCH_BOUNDS.unpaid;
/** Results of one search that a model is handed. */
export const RESULTS_MAX = 5;
/** Tokens of these together, by our estimate. */
export const RESULT_TOKENS_MAX = SEARCH_BOUNDS.resultTokens;
/** With less room for results a model does not search. */
export const RESULT_TOKENS_MIN = 200;
