/* What the results say about the search. */
#ifndef HPO_ANALYSIS_ADVICE_H
#define HPO_ANALYSIS_ADVICE_H

#include "base/text.h"
#include "study/study.h"

/* Writes all advice as lines of text or as a JSON array; the study's lock is held. Without memory, text->failed is set. */
void hpo__advice_write(const hpo_study *study, bool json, hpo__text *text);

#endif
