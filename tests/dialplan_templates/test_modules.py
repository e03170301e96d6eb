"""Which modules a change of files reloads."""

from dialplan_templates.modules import READERS, modules_of


def test_modules_are_reloaded_in_the_order_of_the_table() -> None:
    assert modules_of(["manager.conf", "extensions.conf", "voicemail.conf"]) == (
        "app_voicemail",
        "pbx_config",
        "manager",
    )


def test_a_file_that_is_read_at_start_only_reloads_nothing() -> None:
    assert modules_of(["modules.conf"]) == ()


def test_no_module_is_reloaded_twice() -> None:
    modules = modules_of(READERS)
    assert len(modules) == len(set(modules))
