"""The recipe "dual-ae": one encoder, and two decoders that rebuild the edited and the raw."""
