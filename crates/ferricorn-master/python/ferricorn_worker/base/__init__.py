"""The ground floor: the errors of a boot, names that the user gives, what forked children may keep."""
