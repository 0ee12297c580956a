"""What pytest loads of itself: the marker and options that aosctl's tests understand."""
