"""What Redis must hold, computed from the files, git and the configuration alone.

Written from the specification, in another language, sharing nothing with the program under test: where the two
disagree, one of them misread the specification.
"""
