"""What is refused of an opening by two adults.

Refusal
├── NobodyToSearch    nobody in particular has the door: it is opened by override
├── SearchWaiting     somebody asked already and waits for a second adult
├── SecondAdultOther  one person cannot be both
├── SearchNotWaiting  it was confirmed or called off before, or nobody confirmed in time
├── SearchKeyGone     that key is not in the cabinet any more
├── SearchShut        the time to open it once more is over
└── SearchRecorded    its outcome stands already
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NobodyToSearch(Refusal):
    code = "nobody_to_search"
    sentence = _("Nobody in particular has this door. Open it by override instead.")


class SearchWaiting(Refusal):
    code = "search_waiting"
    sentence = _("Somebody has asked for this door already. Confirm that, or wait five minutes.")


class SecondAdultOther(Refusal):
    code = "second_adult_other"
    sentence = _("It takes two adults: somebody else has to confirm, from their own log-in.")


class SearchNotWaiting(Refusal):
    code = "search_not_waiting"
    sentence = _("This does not wait for a second adult any more. Ask again.")


class SearchKeyGone(Refusal):
    code = "search_key_gone"
    sentence = _("That key is not in the cabinet any more. Choose another one.")


class SearchShut(Refusal):
    code = "search_shut"
    sentence = _("The time for that is over. Ask again, for two adults to open it.")


class SearchRecorded(Refusal):
    code = "search_recorded"
    sentence = _("The outcome was recorded before, and stays as it is.")
