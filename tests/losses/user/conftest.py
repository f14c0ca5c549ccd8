from tests.losses.user.own import own  # noqa: F401  # a fixture
