"""The published recipe: a U-Net over the spectrogram that words alone steer, to compare with."""
