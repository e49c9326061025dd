"""What measures. Python 3.9, numpy and the runtime are all it needs: a kit carries this folder to other devices."""
