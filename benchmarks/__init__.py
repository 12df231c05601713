"""What the README's figures come from: ``make bench``. Each prints its figure, beside a peer's where there is one."""
