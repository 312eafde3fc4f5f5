"""What each trouble of a wire, board or reader is called, and what to do about it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# By the words of lockers.drivers.trouble, of the drivers and of the bridge.
WHY = {
    "port_missing": (
        _("The port %(address)s does not exist."),
        _("Plug in the adapter or correct the address."),
    ),
    "port_not_permitted": (
        _("The bridge may not use the port %(address)s."),
        _("Add the bridge's user to the group of the port (dialout), then restart it."),
    ),
    "port_taken": (
        _("Another program uses the port %(address)s."),
        _("End that program, or correct the address."),
    ),
    "connection_refused": (
        _("%(address)s refuses the connection."),
        _("Check the port in the address, and that nothing else is connected there."),
    ),
    "no_route": (
        _("There is no way to %(address)s."),
        _("Check the device's power and network cable, then the address."),
    ),
    "no_such_host": (
        _("Nobody knows the name in %(address)s."),
        _("Correct the address, or write its number."),
    ),
    "board_unreachable": (
        _("%(address)s cannot be reached."),
        _("Check the device's power and network cable, then the address."),
    ),
    "connection_ended": (
        _("The connection to %(address)s broke off."),
        _("It is tried again by itself. If it stays away, check power and cable."),
    ),
    "all_silent": (
        _("No board on %(address)s answers."),
        _("Check the boards' power, whether A and B are swapped, and the speed."),
    ),
    "all_silent_on_the_network": (
        _("No board on %(address)s answers."),
        _("Check the boards' power, and what is between the network and them."),
    ),
    "boards_missing": (
        _("Not every board on %(address)s answers."),
        _("Look at the boards that are named here."),
    ),
    "timeouts": (
        _("Many requests on %(address)s are not answered in time."),
        _("Check cable, plugs and the resistors at both ends of the wire."),
    ),
    "noise": (
        _("There is noise on %(address)s."),
        _("Check shield, resistors and ground, and that no two boards share a number."),
    ),
    "board_silent": (
        _("It does not answer."),
        _("Check its power, its plug and the number set on it."),
    ),
    "bad_reply": (
        _("It answers with something else than was asked."),
        _("Check driver and channels, and that no two boards share a number."),
    ),
    "board_refused": (
        _("It refuses to be read."),
        _("Check that driver and channels are those of this board."),
    ),
    "configuration": (
        _("It cannot be used as it is set up: %(detail)s"),
        _("Correct its settings in the administration."),
    ),
    "silent": (
        _("It does not answer."),
        _("Check its power, its wires, its number and its speed."),
    ),
    "insecure": (
        _("It answers, but not with its own key."),
        _(
            "If it is a new one, set it up on its page; reset it first if it had another key."
            " Else look who changed it."
        ),
    ),
}
OTHER = (
    _("It does not work: %(detail)s"),
    _("Look into the log of its bridge."),
)
