"""Why something left the road, in words, with the settings that decided it."""

import re
from collections.abc import Mapping
from typing import Any

# Reason of the tables -> what it means; {section.key} is the setting of the run.
_MEANINGS: Mapping[str, str] = {
    "blocked": "blocked by mine.dictionary",
    "number": "a number",
    "serial_number": "ends with a serial number",
    "single_letter": "a single letter",
    "stop_word": "a function word",
    "stop_word_edge": "opens or ends with a function word",
    "contributor_name": "the name of those who say it: above mine.max_signed_share = {mine.max_signed_share}",
    "few_contributors": "fewer voices than mine.min_contributors = {mine.min_contributors}",
    "too_general": "too general: on more images than mine.max_image_share = {mine.max_image_share} allows, or the "
    "words around it are those of all images (mine.min_specificity = {mine.min_specificity})",
    "not_visible": "no picture shows it: visibility below mine.min_visibility = {mine.min_visibility}",
    "low_cohesion": "words that meet by chance: cohesion below mine.min_cohesion = {mine.min_cohesion}",
    "fragment": "a part of a longer phrase: freedom below mine.min_freedom = {mine.min_freedom}",
    "beyond_max_phrases": "below the best mine.max_phrases = {mine.max_phrases} of its language",
    "below_min_images": "fewer images than mine.min_images = {mine.min_images}",
    "few_images": "no label is near enough, and fewer images than cluster.min_images = {cluster.min_images}",
    "few_images_no_vector": "the encoder has no vector of it, and fewer images than cluster.min_images = "
    "{cluster.min_images}",
    "noise": "stands in no dense place of the vectors",
    "low_confidence": "below assign.min_confidence = {assign.min_confidence}",
    "low_confidence_or_beyond_max_labels": "below assign.min_confidence = {assign.min_confidence}, or "
    "assign.max_labels = {assign.max_labels} labels are surer; vectors tell its confidence, which is not done "
    "again here",
    "beyond_max_labels": "more than assign.max_labels = {assign.max_labels} labels are surer",
    "unlearnt": "below the threshold that trusted images taught",
    "held_out": "held out by publish.held_out",
    "unknown": "it was kept, has no label, and no reason is on record",
    "no_member_phrase": "no text says a phrase of a label",
    "only_dropped_labels": "every label that its texts say was dropped",
    "empty": "no word is left of it",
    "too_long": "longer than normalize.max_chars = {normalize.max_chars} characters",
    "url": "nothing but an address",
    "personal_data": "nothing but personal data",
    "file_name": "nothing but a file name",
    "hash": "nothing but a hash",
    "unsafe": "has an unsafe word (normalize.unsafe = {normalize.unsafe})",
    "boilerplate": "repeated on many images by one source, host or person",
    "denied": "the text denies it",
}
_SETTING = re.compile(r"\{(?P<section>\w+)\.(?P<key>\w+)\}")


def in_words(reason: str, settings: Mapping[str, Mapping[str, Any]]) -> str:
    """A reason with its meaning and the settings behind it; an unknown one as it is.

    Args:
        reason: of the tables candidates and rejects.
        settings: of the run, by section.
    """
    meaning = _MEANINGS.get(reason)
    if meaning is None:
        return reason.replace("_", " ")
    return _SETTING.sub(lambda found: str(settings[found["section"]][found["key"]]), meaning)
