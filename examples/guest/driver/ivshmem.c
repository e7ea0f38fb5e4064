// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU's inter-VM shared memory device (PCI 1af4:1110): one character device per region.
 *
 * What programs see is in ivshmem.h; the registers are in QEMU's docs/specs/ivshmem-spec.
 *
 * A struct ivshmem lives until its last open file is closed, the hardware behind it only until
 * ivshmem_remove(). "lock" separates the two: whoever touches the hardware holds it for reading and
 * has seen that it is not "gone".
 */
#include <linux/atomic.h>
#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/poll.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/wait.h>

#include "ivshmem.h"

#define IVSHMEM_BAR_REGISTERS	0
#define IVSHMEM_BAR_MEMORY	2
#define IVSHMEM_REGISTERS_SIZE	256
#define IVSHMEM_IV_POSITION	8
#define IVSHMEM_DOORBELL	12
#define IVSHMEM_MAX_ID		0xffff	/* of a peer and of a vector: halves of the doorbell */
#define IVSHMEM_MINORS		256

struct ivshmem_vector {
	struct ivshmem *ivshmem;
	atomic_t count;		/* interrupts since the device was found */
};

struct ivshmem {
	struct device dev;
	struct cdev cdev;
	struct rw_semaphore lock;
	bool gone;
	void __iomem *registers;
	phys_addr_t memory;
	u64 size;
	wait_queue_head_t wait;
	struct mutex files_lock;
	struct list_head files;
	unsigned int vectors;	/* that can interrupt */
	struct ivshmem_vector vector[];
};

struct ivshmem_file {
	struct list_head list;
	struct address_space *mapping;
	struct ivshmem *ivshmem;
	struct mutex lock;	/* of what was read: */
	unsigned int next;	/* the vector to begin with, so that each gets its turn */
	u32 seen[];		/* of each vector's count */
};

static dev_t ivshmem_devt;
static DEFINE_IDA(ivshmem_minors);
static struct class ivshmem_class = { .name = "ivshmem" };

static irqreturn_t ivshmem_interrupt(int irq, void *data)
{
	struct ivshmem_vector *vector = data;

	atomic_inc(&vector->count);
	wake_up_interruptible(&vector->ivshmem->wait);
	return IRQ_HANDLED;
}

static u32 ivshmem_unseen(struct ivshmem_file *file, unsigned int vector)
{
	return (u32)atomic_read(&file->ivshmem->vector[vector].count) - READ_ONCE(file->seen[vector]);
}

static bool ivshmem_has_event(struct ivshmem_file *file)
{
	unsigned int i;

	for (i = 0; i < file->ivshmem->vectors; i++)
		if (ivshmem_unseen(file, i))
			return true;
	return false;
}

static int ivshmem_open(struct inode *inode, struct file *filp)
{
	struct ivshmem *ivshmem = container_of(inode->i_cdev, struct ivshmem, cdev);
	struct ivshmem_file *file;
	unsigned int i;

	file = kzalloc(struct_size(file, seen, ivshmem->vectors), GFP_KERNEL);
	if (!file)
		return -ENOMEM;
	file->ivshmem = ivshmem;
	file->mapping = inode->i_mapping;
	mutex_init(&file->lock);
	for (i = 0; i < ivshmem->vectors; i++)
		file->seen[i] = atomic_read(&ivshmem->vector[i].count);
	mutex_lock(&ivshmem->files_lock);
	list_add(&file->list, &ivshmem->files);
	mutex_unlock(&ivshmem->files_lock);
	filp->private_data = file;
	return nonseekable_open(inode, filp);
}

static int ivshmem_release(struct inode *inode, struct file *filp)
{
	struct ivshmem_file *file = filp->private_data;

	mutex_lock(&file->ivshmem->files_lock);
	list_del(&file->list);
	mutex_unlock(&file->ivshmem->files_lock);
	kfree(file);
	return 0;
}

/* As many events as there are and fit; the number of bytes. The caller holds file->lock. */
static ssize_t ivshmem_take(struct ivshmem_file *file, char __user *buffer, size_t length)
{
	const unsigned int vectors = file->ivshmem->vectors;
	const unsigned int first = file->next;
	struct ivshmem_event event;
	size_t taken = 0;
	unsigned int i;

	for (i = 0; i < vectors && length - taken >= sizeof(event); i++) {
		event.vector = (first + i) % vectors;
		event.count = ivshmem_unseen(file, event.vector);
		if (!event.count)
			continue;
		if (copy_to_user(buffer + taken, &event, sizeof(event)))
			return taken ?: -EFAULT;
		WRITE_ONCE(file->seen[event.vector], file->seen[event.vector] + event.count);
		file->next = (event.vector + 1) % vectors;
		taken += sizeof(event);
	}
	return taken;
}

static ssize_t ivshmem_read(struct file *filp, char __user *buffer, size_t length, loff_t *offset)
{
	struct ivshmem_file *file = filp->private_data;
	struct ivshmem *ivshmem = file->ivshmem;
	ssize_t taken;

	if (!ivshmem->vectors)
		return READ_ONCE(ivshmem->gone) ? -ENODEV : -EOPNOTSUPP;
	if (length < sizeof(struct ivshmem_event))
		return -EINVAL;
	for (;;) {
		if (mutex_lock_interruptible(&file->lock))
			return -ERESTARTSYS;
		taken = ivshmem_take(file, buffer, length);
		mutex_unlock(&file->lock);
		if (taken)
			return taken;
		if (READ_ONCE(ivshmem->gone))
			return -ENODEV;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(ivshmem->wait, ivshmem_has_event(file) ||
					     READ_ONCE(ivshmem->gone)))
			return -ERESTARTSYS;
	}
}

static __poll_t ivshmem_poll(struct file *filp, poll_table *table)
{
	struct ivshmem_file *file = filp->private_data;
	struct ivshmem *ivshmem = file->ivshmem;
	__poll_t events = ivshmem->vectors ? EPOLLOUT | EPOLLWRNORM : EPOLLERR;

	poll_wait(filp, &ivshmem->wait, table);
	if (ivshmem_has_event(file))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(ivshmem->gone))
		events |= EPOLLERR | EPOLLHUP;
	return events;
}

static int ivshmem_ring(struct ivshmem *ivshmem, const struct ivshmem_ring *ring)
{
	int error = 0;

	if (ring->peer > IVSHMEM_MAX_ID || ring->vector > IVSHMEM_MAX_ID)
		return -EINVAL;
	down_read(&ivshmem->lock);
	if (ivshmem->gone)
		error = -ENODEV;
	else	/* orders what was written to the memory before it */
		iowrite32(ring->peer << 16 | ring->vector, ivshmem->registers + IVSHMEM_DOORBELL);
	up_read(&ivshmem->lock);
	return error;
}

static ssize_t ivshmem_write(struct file *filp, const char __user *buffer, size_t length,
			     loff_t *offset)
{
	struct ivshmem_file *file = filp->private_data;
	struct ivshmem_ring ring;
	size_t done;
	int error;

	if (READ_ONCE(file->ivshmem->gone))
		return -ENODEV;
	if (!file->ivshmem->vectors)
		return -EOPNOTSUPP;
	if (length % sizeof(ring))
		return -EINVAL;
	for (done = 0; done < length; done += sizeof(ring)) {
		if (signal_pending(current))
			return done ?: -ERESTARTSYS;
		cond_resched();
		if (copy_from_user(&ring, buffer + done, sizeof(ring)))
			return done ?: -EFAULT;
		error = ivshmem_ring(file->ivshmem, &ring);
		if (error)
			return done ?: error;
	}
	return done;
}

static long ivshmem_ioctl(struct file *filp, unsigned int command, unsigned long argument)
{
	struct ivshmem_file *file = filp->private_data;
	struct ivshmem *ivshmem = file->ivshmem;
	struct ivshmem_info info = { .size = ivshmem->size, .vectors = ivshmem->vectors };
	int error = 0;

	if (command != IVSHMEM_GET_INFO)
		return -ENOTTY;
	down_read(&ivshmem->lock);
	if (ivshmem->gone)
		error = -ENODEV;
	else
		info.peer = ioread32(ivshmem->registers + IVSHMEM_IV_POSITION);
	up_read(&ivshmem->lock);
	if (error)
		return error;
	return copy_to_user((void __user *)argument, &info, sizeof(info)) ? -EFAULT : 0;
}

/* Page by page, so that from ivshmem_remove() on none is mapped any more. */
static vm_fault_t ivshmem_fault(struct vm_fault *vmf)
{
	struct ivshmem_file *file = vmf->vma->vm_file->private_data;
	struct ivshmem *ivshmem = file->ivshmem;
	vm_fault_t result = VM_FAULT_SIGBUS;

	down_read(&ivshmem->lock);
	if (!ivshmem->gone)
		result = vmf_insert_pfn(vmf->vma, vmf->address,
					PHYS_PFN(ivshmem->memory) + vmf->pgoff);
	up_read(&ivshmem->lock);
	return result;
}

static const struct vm_operations_struct ivshmem_vm_ops = { .fault = ivshmem_fault };

static int ivshmem_mmap(struct file *filp, struct vm_area_struct *vma)
{
	const vm_flags_t flags = VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	struct ivshmem_file *file = filp->private_data;
	u64 pages = file->ivshmem->size >> PAGE_SHIFT;

	if (READ_ONCE(file->ivshmem->gone))
		return -ENODEV;
	if (vma_pages(vma) > pages || vma->vm_pgoff > pages - vma_pages(vma))
		return -EINVAL;
	if (is_cow_mapping(vma->vm_flags))	/* MAP_PRIVATE: not shared memory */
		return -EINVAL;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
	vma->vm_ops = &ivshmem_vm_ops;
	return 0;
}

static const struct file_operations ivshmem_fops = {
	.owner = THIS_MODULE,
	.open = ivshmem_open,
	.release = ivshmem_release,
	.read = ivshmem_read,
	.write = ivshmem_write,
	.poll = ivshmem_poll,
	.mmap = ivshmem_mmap,
	.unlocked_ioctl = ivshmem_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static void ivshmem_free(struct device *dev)
{
	ida_free(&ivshmem_minors, MINOR(dev->devt));
	kfree(container_of(dev, struct ivshmem, dev));
}

static void ivshmem_put(void *data)
{
	struct ivshmem *ivshmem = data;

	put_device(&ivshmem->dev);
}

/* Freed by put_device(), which is what the PCI device does last of all when its driver goes. */
static struct ivshmem *ivshmem_alloc(struct pci_dev *pdev, unsigned int vectors)
{
	struct ivshmem *ivshmem;
	unsigned int i;
	int minor;

	ivshmem = kzalloc(struct_size(ivshmem, vector, vectors), GFP_KERNEL);
	if (!ivshmem)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&ivshmem_minors, IVSHMEM_MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(ivshmem);
		return ERR_PTR(minor);
	}
	init_rwsem(&ivshmem->lock);
	init_waitqueue_head(&ivshmem->wait);
	mutex_init(&ivshmem->files_lock);
	INIT_LIST_HEAD(&ivshmem->files);
	for (i = 0; i < vectors; i++)
		ivshmem->vector[i].ivshmem = ivshmem;
	device_initialize(&ivshmem->dev);
	ivshmem->dev.class = &ivshmem_class;
	ivshmem->dev.parent = &pdev->dev;
	ivshmem->dev.devt = MKDEV(MAJOR(ivshmem_devt), minor);
	ivshmem->dev.release = ivshmem_free;
	cdev_init(&ivshmem->cdev, &ivshmem_fops);
	ivshmem->cdev.owner = THIS_MODULE;
	return ivshmem;
}

/*
 * As many as there are to be had, for without them there still is the memory. (x86 has some 200 for
 * each processor, and tells only when they are requested.)
 */
static void ivshmem_request_interrupts(struct pci_dev *pdev, struct ivshmem *ivshmem,
				       unsigned int vectors)
{
	int granted, i, error;

	error = granted = pci_alloc_irq_vectors(pdev, 1, vectors, PCI_IRQ_MSIX);
	for (i = 0; i < granted; i++) {
		error = devm_request_irq(&pdev->dev, pci_irq_vector(pdev, i), ivshmem_interrupt, 0,
					 dev_name(&ivshmem->dev), &ivshmem->vector[i]);
		if (error)
			break;
		ivshmem->vectors++;
	}
	if (ivshmem->vectors < vectors)
		dev_warn(&pdev->dev, "%u of %u vectors to be had: error %d\n", ivshmem->vectors,
			 vectors, error);
}

static int ivshmem_map(struct pci_dev *pdev, struct ivshmem *ivshmem)
{
	static const int bars[] = { IVSHMEM_BAR_REGISTERS, IVSHMEM_BAR_MEMORY };
	const resource_size_t registers = pci_resource_start(pdev, IVSHMEM_BAR_REGISTERS);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bars); i++)
		if (!devm_request_mem_region(&pdev->dev, pci_resource_start(pdev, bars[i]),
					     pci_resource_len(pdev, bars[i]), KBUILD_MODNAME))
			return -EBUSY;
	ivshmem->registers = devm_ioremap(&pdev->dev, registers, IVSHMEM_REGISTERS_SIZE);
	if (!ivshmem->registers)
		return -ENOMEM;
	ivshmem->memory = pci_resource_start(pdev, IVSHMEM_BAR_MEMORY);
	ivshmem->size = pci_resource_len(pdev, IVSHMEM_BAR_MEMORY);
	/* It is memory, to be cached where the MTRRs allow that: programs' mappings are of the same type. */
	return PTR_ERR_OR_ZERO(devm_memremap(&pdev->dev, ivshmem->memory, ivshmem->size,
					     MEMREMAP_WB));
}

static int ivshmem_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	/* Without MSI-X it is ivshmem-plain, which is memory only. */
	const unsigned int vectors = max(pci_msix_vec_count(pdev), 0);
	struct ivshmem *ivshmem;
	int error;

	if (pci_resource_len(pdev, IVSHMEM_BAR_REGISTERS) < IVSHMEM_REGISTERS_SIZE ||
	    pci_resource_len(pdev, IVSHMEM_BAR_MEMORY) < PAGE_SIZE)
		return dev_err_probe(&pdev->dev, -ENODEV, "no registers or no memory\n");
	ivshmem = ivshmem_alloc(pdev, vectors);
	if (IS_ERR(ivshmem))
		return PTR_ERR(ivshmem);
	error = devm_add_action_or_reset(&pdev->dev, ivshmem_put, ivshmem);
	if (error)
		return error;
	error = dev_set_name(&ivshmem->dev, "ivshmem%d", MINOR(ivshmem->dev.devt));
	if (error)
		return error;
	error = pcim_enable_device(pdev);
	if (error)
		return error;
	error = ivshmem_map(pdev, ivshmem);
	if (error)
		return dev_err_probe(&pdev->dev, error, "its memory cannot be mapped\n");
	if (vectors) {
		pci_set_master(pdev);	/* an MSI-X message is a write by the device */
		ivshmem_request_interrupts(pdev, ivshmem, vectors);
	}
	pci_set_drvdata(pdev, ivshmem);
	error = cdev_device_add(&ivshmem->cdev, &ivshmem->dev);
	if (error)
		return error;
	dev_info(&ivshmem->dev, "%llu bytes, vectors %u\n", ivshmem->size, ivshmem->vectors);
	return 0;
}

static void ivshmem_remove(struct pci_dev *pdev)
{
	struct ivshmem *ivshmem = pci_get_drvdata(pdev);
	struct ivshmem_file *file;

	cdev_device_del(&ivshmem->cdev, &ivshmem->dev);
	down_write(&ivshmem->lock);
	WRITE_ONCE(ivshmem->gone, true);
	up_write(&ivshmem->lock);
	mutex_lock(&ivshmem->files_lock);
	list_for_each_entry(file, &ivshmem->files, list)
		unmap_mapping_range(file->mapping, 0, 0, 1);
	mutex_unlock(&ivshmem->files_lock);
	wake_up_all(&ivshmem->wait);
}

static const struct pci_device_id ivshmem_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_REDHAT_QUMRANET, 0x1110) },
	{ }
};
MODULE_DEVICE_TABLE(pci, ivshmem_ids);

static struct pci_driver ivshmem_driver = {
	.name = KBUILD_MODNAME,
	.id_table = ivshmem_ids,
	.probe = ivshmem_probe,
	.remove = ivshmem_remove,
};

static int __init ivshmem_init(void)
{
	int error;

	error = alloc_chrdev_region(&ivshmem_devt, 0, IVSHMEM_MINORS, KBUILD_MODNAME);
	if (error)
		return error;
	error = class_register(&ivshmem_class);
	if (error)
		goto unregister_region;
	error = pci_register_driver(&ivshmem_driver);
	if (error)
		goto unregister_class;
	return 0;

unregister_class:
	class_unregister(&ivshmem_class);
unregister_region:
	unregister_chrdev_region(ivshmem_devt, IVSHMEM_MINORS);
	return error;
}
module_init(ivshmem_init);

static void __exit ivshmem_exit(void)
{
	pci_unregister_driver(&ivshmem_driver);
	class_unregister(&ivshmem_class);
	unregister_chrdev_region(ivshmem_devt, IVSHMEM_MINORS);
	ida_destroy(&ivshmem_minors);
}
module_exit(ivshmem_exit);

MODULE_DESCRIPTION("Inter-VM shared memory device of QEMU");
MODULE_LICENSE("GPL");
