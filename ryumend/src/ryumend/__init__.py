"""The mend that lets Ryu 4.34 run on Python 3.11 to 3.13 with a current eventlet."""
