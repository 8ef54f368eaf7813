"""The same training in PyTorch, one thread: prints the CPU seconds of each epoch. Arguments: epochs, windows, steps, features, units, batch."""
import sys
import time

import torch

torch.set_num_threads(1)
epochs, count, steps, features, units, batch = map(int, sys.argv[1:7])
torch.manual_seed(0)
x, y = torch.rand(count, steps, features) * 2 - 1, torch.randn(count, 1)
lstm, head = torch.nn.LSTM(features, units, batch_first=True), torch.nn.Linear(units, 1)
optimiser = torch.optim.Adam([*lstm.parameters(), *head.parameters()], 1e-3)
for _ in range(epochs):
    start = time.process_time()
    order = torch.randperm(count)
    for at in range(0, count, batch):
        rows = order[at : at + batch]
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(head(lstm(x[rows])[0][:, -1]), y[rows])
        loss.backward()
        optimiser.step()
    print(time.process_time() - start)
